// A person with a Chromium before a web page that uses one of Nango's published frontend SDKs. The page is served from
// a port of its own; the popup is a real one. Prints what the page was told, and what the popup showed at last.
//   node frontend.mjs VERSION HOST CONFIG CONNECTION allow|deny|close|reload [OPTIONS]
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';

const [version, host, config, connection, what, options = '{}'] = process.argv.slice(2);
const state = process.env.RIG_STATE;
const { chromium } = createRequire(join(state, 'browser', 'package.json'))('playwright-core');
const sdk = join(state, 'sdk', `frontend-${version}`, 'node_modules/@nangohq/frontend/dist');

const html = `<!doctype html><title>app</title><button id="go">Connect</button><script type="module">
  const { default: Nango } = await import('/sdk/index.js');
  document.getElementById('go').onclick = () => {
    const told = (how) => (value) => { window.told = { how, value: value instanceof Error
      ? { message: value.message, type: value.type } : value }; };
    const nango = new Nango({ host: ${JSON.stringify(host)}, publicKey: 'any' });
    const [key, id, more] = ${JSON.stringify([config, connection])}.concat([${options}]);
    try { nango.auth(key, id, more).then(told('resolved'), told('rejected')); } catch (error) { told('thrown')(error); }
  };
  window.isReady = true;
</script>`;
const server = createServer((request, response) => {
  const path = normalize(request.url.split('?')[0]);
  if (path === '/') return response.setHeader('content-type', 'text/html').end(html);
  if (!path.startsWith('/sdk/')) return response.writeHead(404).end();
  try {
    response.setHeader('content-type', 'text/javascript').end(readFileSync(join(sdk, path.slice('/sdk/'.length))));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const origin = `http://localhost:${server.address().port}`;

const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'hallpass-sdk.')), {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-popup-blocking',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1'],
});
const result = {};
try {
  const page = context.pages()[0] ?? await context.newPage();
  result.console = [];
  page.on('console', (message) => result.console.push(message.text()));
  await page.goto(origin);
  await page.waitForFunction(() => window.isReady);
  const opened = context.waitForEvent('page', { timeout: 15000 }).catch(() => undefined);
  await page.click('#go');
  const popup = await opened;
  result.opened = Boolean(popup);
  if (popup) {
    const blocked = [];
    popup.on('console', (message) => { if (message.text().includes('Content Security Policy')) blocked.push(message.text()); });
    const remember = async () => {
      try { result.popup = { address: popup.url(), text: await popup.innerText('body') }; } catch { /* It has closed. */ }
    };
    const settled = () => popup.waitForFunction(() => document.title || document.querySelector('#allow, #deny'), { timeout: 15000 });
    try {
      await settled();
      if (what === 'close') {
        await popup.close();
      } else {
        if (what === 'reload') await page.reload();
        for (let steps = 0; steps < 10 && await popup.locator('#allow, #agree').count(); steps += 1) {
          const button = what === 'deny' && await popup.locator('#deny').count() ? '#deny' : '#allow, #agree';
          await popup.locator(button).first().click();
          await popup.waitForLoadState('load');
        }
      }
      await remember();
    } catch (error) {
      // A popup that closes itself ends every wait for it.
      result.ended = String(error).split('\n')[0];
    }
    result.blocked = blocked;
  }
  const told = what === 'reload' ? undefined : await page.waitForFunction(() => window.told, undefined, { timeout: what === 'close' ? 3000 : 15000 }).catch(() => undefined);
  result.told = told ? await told.jsonValue() : null;
  await new Promise((done) => setTimeout(done, 900));
  result.closed = popup ? popup.isClosed() : null;
  if (popup && !popup.isClosed()) result.popup = { address: popup.url(), text: await popup.innerText('body').catch(() => '') };
} catch (error) {
  result.error = String(error);
}
console.log(JSON.stringify(result));
await context.close();
server.close();
