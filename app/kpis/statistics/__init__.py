"""Statistics of figures: confidence intervals, control charts, forecasts and survival estimates. Pure."""
