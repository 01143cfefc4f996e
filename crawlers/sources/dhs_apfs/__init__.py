"""DHS Acquisition Planning Forecast System: what the Department of Homeland Security plans to buy."""
