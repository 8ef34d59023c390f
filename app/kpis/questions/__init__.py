"""Questions about KPIs: their parameters, periods and scopes, and who may ask them."""
