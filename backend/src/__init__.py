"""The service, in layers: core, models, services, graphql. Each layer imports only the ones before it."""
