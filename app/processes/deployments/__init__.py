"""Deployments of services, as releases make them and pipelines report them, and the incidents that they caused."""
