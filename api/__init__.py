"""FastAPI: REST, live feed and pages."""
