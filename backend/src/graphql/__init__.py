"""The GraphQL API: it parses, calls a service and renders; it decides nothing."""
