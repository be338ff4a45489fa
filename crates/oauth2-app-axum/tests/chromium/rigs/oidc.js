// The certified server of the browser's tests: `oidc-provider` as its package configures it, with its own pages for login,
// consent and logout. A revoked token ends its whole grant, which is the package's default.
//
// Argument: a JSON array of clients. The end of the standard input ends the server.
// Standard output: `listening PORT`, then for each request to one of its endpoints `METHOD PATH`, and for each token that is
// revoked `revoked TYPE`. No line holds a secret.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);

function serve(server) {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: JSON.parse(process.argv[1]),
    cookies: { keys: ['only-of-this-machine'] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false,
    acrValues: ['urn:example:passkey'],
    features: { revocation: { enabled: true } },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} of the certified server`, preferred_username: id, email: `${id}@example.com` }),
    }),
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  });
  provider.use(async (ctx, next) => {
    say(ctx.method, ctx.path.split('/').slice(0, 3).join('/'));
    await next();
  });
  for (const name of ['access_token', 'refresh_token', 'grant']) {
    provider.on(`${name}.${name === 'grant' ? 'revoked' : 'destroyed'}`, () => say('revoked', name));
  }
  provider.on('server_error', (ctx, error) => process.stderr.write(`${error.stack}\n`));
  for (const kind of ['authorization', 'grant', 'userinfo', 'end_session', 'revocation']) {
    provider.on(`${kind}.error`, (ctx, error) => say('refused', kind, error.error ?? error.message));
  }
  server.on('request', provider.callback());
  say('listening', port);
}

process.stdin.resume().on('end', () => process.exit(0));
const server = createServer().listen(0, '127.0.0.1', () => serve(server));
