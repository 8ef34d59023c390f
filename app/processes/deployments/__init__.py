"""Deployments of services, by releases or reported by pipelines, and the incidents that they have caused."""
