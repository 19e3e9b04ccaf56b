// A certified OpenID provider (npm oidc-provider) that issues JWT access tokens for one resource. Anybody may register a client,
// and its own forms for login and consent take every name and password.
// Usage: node issuer.mjs PORT RESOURCE

import { Provider } from 'oidc-provider';

const [port, resource] = process.argv.slice(2);
const client = (client_id, scope) => ({
  client_id, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope,
});
const provider = new Provider(`http://localhost:${port}`, {
  clients: [client('writer', 'ghl.read ghl.write'), client('reader', 'ghl.read')],
  scopes: ['ghl.read', 'ghl.write'],
  features: {
    clientCredentials: { enabled: true },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, audience) => ({
        audience, scope: 'ghl.read ghl.write', accessTokenFormat: 'jwt', accessTokenTTL: 300,
      }),
    },
  },
});
provider.listen(Number(port), 'localhost', () => console.log(`issues tokens for ${resource}`));
