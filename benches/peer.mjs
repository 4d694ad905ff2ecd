// oidc-provider in memory, for scripts/bench: one confidential client, one person who allowed it, codes and refresh tokens
// ready to be sent. Arguments: a port, how many codes, a file for the bodies that redeem them, a file for refresh tokens.
// Modules are looked for beside the file, so a copy of it is run in the folder into which the package was installed.

import { writeFileSync } from 'node:fs'
import Provider from 'oidc-provider'

const [port, count, codesFile, refreshFile] = process.argv.slice(2)
const redirectUri = 'https://app.example/callback'
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

// Its own adapter forgets what exceeds a thousand entries.
const kept = new Map()
const ofGrant = new Map()
class Memory {
  constructor(model) { this.model = model }
  key(id) { return `${this.model}:${id}` }
  async upsert(id, payload) {
    const key = this.key(id)
    kept.set(key, payload)
    if (payload.grantId && !ofGrant.has(payload.grantId)) ofGrant.set(payload.grantId, [])
    if (payload.grantId) ofGrant.get(payload.grantId).push(key)
  }
  async find(id) { return kept.get(this.key(id)) }
  async consume(id) { kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000) }
  async destroy(id) { kept.delete(this.key(id)) }
  async revokeByGrantId(id) {
    for (const key of ofGrant.get(id) ?? []) kept.delete(key)
    ofGrant.delete(id)
  }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Memory,
  clients: [{
    client_id: 'app',
    client_secret: 'a secret of the benchmark, long enough for anybody',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  scopes: ['read:object', 'write:object', 'offline_access'],
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: { devInteractions: { enabled: false } },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, AuthorizationCode: 600, RefreshToken: 86400, Grant: 86400 },
})
provider.on('server_error', (_, error) => console.error(error))

const client = await provider.Client.find('app')
const scope = 'read:object write:object'
const common = async () => {
  const grant = new provider.Grant({ accountId: 'person', clientId: 'app' })
  grant.addOIDCScope(scope)
  return { accountId: 'person', client, grantId: await grant.save(), scope, authTime: 1, gty: 'authorization_code' }
}

const bodies = []
for (let number = 0; number < Number(count); number += 1) {
  const code = new provider.AuthorizationCode({
    ...await common(), redirectUri, codeChallenge: challenge, codeChallengeMethod: 'S256',
  })
  const form = { grant_type: 'authorization_code', code_verifier: verifier, redirect_uri: redirectUri, code: await code.save() }
  bodies.push(new URLSearchParams(form).toString())
}
writeFileSync(codesFile, bodies.join('\n') + '\n')

const tokens = []
for (let number = 0; number < 96; number += 1) {
  const token = new provider.RefreshToken({ ...await common(), iiat: Math.floor(Date.now() / 1000), rotations: 0 })
  tokens.push(await token.save())
}
writeFileSync(refreshFile, tokens.join('\n') + '\n')

provider.listen(Number(port), '127.0.0.1')
