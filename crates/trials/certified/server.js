// The certified server of `cargo xtask storm`: oidc-provider with rotation. A used refresh token that is sent again revokes
// its grant, which is the package's default.
//
// Standard input: `sign-in USER URL` plays the user's browser from this authorization URL to the callback. The end of the
// input ends the server, so that it never outlives the storm.
// Standard output: `listening PORT`, `callback USER URL`, and for each refresh `refresh MICROSECONDS USER HASH VERDICT` and
// then `answered MICROSECONDS HASH`, when the answer was handed over or the client had gone.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Provider } from 'oidc-provider';

const [lifetime, latency] = process.argv.slice(2).map(Number);
const CALLBACK = 'http://127.0.0.1/callback';

// The package's own adapter keeps a thousand entries and then forgets the oldest: a storm makes more, and a forgotten grant
// looks like a revoked one.
class Memory {
  static all = new Map();
  constructor(model) { this.model = model; }
  get entries() {
    if (!Memory.all.has(this.model)) Memory.all.set(this.model, new Map());
    return Memory.all.get(this.model);
  }
  async upsert(id, payload) { this.entries.set(id, payload); }
  async find(id) { return this.entries.get(id); }
  async findByUid(uid) { return [...this.entries.values()].find((payload) => payload.uid === uid); }
  async findByUserCode(code) { return [...this.entries.values()].find((payload) => payload.userCode === code); }
  async consume(id) { this.entries.get(id).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { this.entries.delete(id); }
  async revokeByGrantId(grantId) {
    for (const [id, payload] of this.entries) if (payload.grantId === grantId) this.entries.delete(id);
  }
}

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);
const micros = () => Math.round((performance.timeOrigin + performance.now()) * 1000);
const nap = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// The user of each refresh token that has been sent: the server no longer knows whose a revoked one is.
const users = new Map();

function report(ctx, verdict) {
  const { params } = ctx.oidc;
  if (params?.grant_type !== 'refresh_token') return;
  const hash = createHash('sha256').update(params.refresh_token).digest('hex').slice(0, 16);
  const user = ctx.oidc.entities.Account?.accountId ?? users.get(hash) ?? 'unknown';
  users.set(hash, user);
  say('refresh', micros(), user, hash, verdict);
  // The wall clock, which the clients' deadlines are compared with; its milliseconds are rounded up.
  const answered = () => say('answered', (Date.now() + 1) * 1000, hash);
  if (ctx.res.destroyed) answered(); else ctx.res.once('close', answered);
}

function serve(server) {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: Memory,
    clients: [{
      client_id: 'storm',
      client_secret: 'storm-secret-of-this-machine-only',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      application_type: 'native',
    }],
    cookies: { keys: ['storm'] },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    rotateRefreshToken: true,
    scopes: ['openid', 'offline_access'],
    ttl: { AccessToken: lifetime, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  });
  // The first half of the latency passes before the refresh is processed, the second half after it.
  provider.use(async (ctx, next) => {
    const slow = ctx.path === '/token';
    if (slow) await nap(Math.random() * latency);
    await next();
    if (slow) await nap(Math.random() * latency);
  });
  provider.on('grant.success', (ctx) => report(ctx, 'rotated'));
  provider.on('grant.error', (ctx, error) => {
    report(ctx, error.error_detail === 'refresh token already used' ? 'reused' : 'refused');
  });
  provider.on('server_error', (ctx, error) => { process.stderr.write(`${error.stack}\n`); });
  server.on('request', provider.callback());
  say('listening', port);
}

// The user's browser: keeps cookies, follows redirections, and posts the forms of the package's own pages.
async function callbackOf(user, authorization) {
  const cookies = new Map();
  let [url, form] = [authorization, undefined];
  for (let step = 0; step < 20; step += 1) {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location) {
      if (location.startsWith(CALLBACK)) return location;
      [url, form] = [new URL(location, url).href, undefined];
    } else {
      const page = await answer.text();
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!prompt) throw new Error(`the page at ${new URL(url).pathname} has no form (${answer.status}): ${page}`);
      form = new URLSearchParams(prompt === 'login' ? { prompt, login: user, password: 'any' } : { prompt });
    }
  }
  throw new Error('the sign-in does not end');
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [, user, url] = line.split(' ');
    callbackOf(user, url).then(
      (callback) => say('callback', user, callback),
      (error) => { process.stderr.write(`${error.stack}\n`); say('callback', user, 'none'); },
    );
  })
  .on('close', () => process.exit(0));

const server = createServer().listen(0, '127.0.0.1', () => serve(server));
