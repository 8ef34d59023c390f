"""Charts of KPIs and of measured effects, drawn as SVG: shapes in, text out."""
