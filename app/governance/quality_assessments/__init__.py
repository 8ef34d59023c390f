"""Quality assessments: by the quarter or half-year over everything, on demand for one service."""
