// A back end with one of Nango's published Node SDKs: does what such a program does, and prints what came of it as
// one JSON object.
//   node node.mjs VERSION HOST SECRET_KEY CONFIG CONNECTION
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [version, host, secretKey, config, connection] = process.argv.slice(2);
const require = createRequire(join(process.env.RIG_STATE, 'sdk', `node-${version}`, 'package.json'));
const load = async () => {
  try {
    return require('@nangohq/node');
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    return import(pathToFileURL(join(process.env.RIG_STATE, 'sdk', `node-${version}`, 'node_modules/@nangohq/node/dist/index.js')));
  }
};
const { Nango } = await load();
const nango = new Nango({ host, ...(secretKey ? { secretKey } : {}) });
const attempt = async (work) => {
  try {
    return { value: await work() };
  } catch (error) {
    return { status: error.response?.status, data: error.response?.data, message: String(error.message ?? error) };
  }
};
const has = (name) => typeof nango[name] === 'function';
const result = {
  token: await attempt(() => nango.getToken(config, connection)),
  connection: await attempt(() => nango.getConnection(config, connection)),
  list: await attempt(() => nango.listConnections()),
  unknown: await attempt(() => nango.getToken(config, 'nobody at all')),
};
if (has('getRawTokenResponse')) result.raw = await attempt(() => nango.getRawTokenResponse(config, connection));
if (has('proxy')) {
  const call = { endpoint: '/me', providerConfigKey: config, connectionId: connection, headers: { 'x-mine': '1' }, retries: 2 };
  result.proxy = await attempt(async () => (await nango.proxy({ ...call, method: 'GET' })).data);
}
if (has('listIntegrations')) result.integrations = await attempt(() => nango.listIntegrations());
if (has('getIntegration')) {
  // The order of the arguments has changed between the generations.
  result.integration = await attempt(() => (version < '0.40' ? nango.getIntegration(config) : nango.getIntegration({ uniqueKey: config })));
}
if (has('listProviders')) result.providers = await attempt(() => nango.listProviders({ search: 'github' }));
if (has('createConnectSession')) {
  result.session = await attempt(() => nango.createConnectSession({ end_user: { id: '1' }, allowed_integrations: [config] }));
}
if (has('deleteConnection')) result.deleted = await attempt(async () => (await nango.deleteConnection(config, connection)).status);
console.log(JSON.stringify(result));
