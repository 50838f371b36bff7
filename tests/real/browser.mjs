// A person with a Chromium: opens the URL, fills in the sign-in form, allows or denies, and keeps
// the last page. Started by hallpass through $BROWSER.
//   RIG_DECISION=allow|deny   RIG_PAGE=file for the last page   RIG_STATE, HOME
import { createRequire } from 'node:module';
import { mkdtempSync, writeFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(join(process.env.RIG_STATE, 'browser', 'package.json'));
const { chromium } = require('playwright-core');
const url = process.argv[2];
const deny = process.env.RIG_DECISION === 'deny';
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'hallpass-browser.')), {
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1'],
});
let result;
try {
  const page = context.pages()[0] ?? await context.newPage();
  const blocked = [];
  page.on('console', (message) => { if (message.text().includes('Content Security Policy')) blocked.push(message.text()); });
  await page.goto(url);
  while (await page.locator('#allow').count()) {
    await page.locator(deny ? '#deny' : '#allow').click();
    await page.waitForLoadState('load');
  }
  result = { title: await page.title(), text: await page.innerText('body'), address: page.url(), blocked };
} catch (error) {
  result = { error: String(error) };
}
const file = process.env.RIG_PAGE;
writeFileSync(`${file}.part`, JSON.stringify(result));
renameSync(`${file}.part`, file);
await context.close();
