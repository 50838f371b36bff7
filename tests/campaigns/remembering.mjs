// oidc-provider 9.13 keeps about 1,000 records in memory and forgets the rest, whatever storage its server asks for; a
// day of work makes many times as many. Loaded before it (`node --import`), this lets it remember all.
import { existsSync } from 'node:fs';

const file = `${process.cwd()}/node_modules/oidc-provider/lib/helpers/lru.js`;
if (existsSync(file)) {
  const { default: Cache } = await import(file);
  const all = new WeakMap();
  const of = (cache) => all.get(cache) ?? all.set(cache, new Map()).get(cache);
  const fresh = (cache, key) => {
    const entry = of(cache).get(key);
    if (entry?.expiry <= Date.now()) of(cache).delete(key);
    return of(cache).get(key);
  };
  Object.assign(Cache.prototype, {
    get(key) { return fresh(this, key)?.value; },
    has(key) { return fresh(this, key) !== undefined; },
    set(key, value, { maxAge } = {}) {
      of(this).set(key, { value, expiry: Number.isFinite(maxAge) ? Date.now() + maxAge : undefined });
      return this;
    },
    delete(key) { return of(this).delete(key); },
    clear() { of(this).clear(); },
  });
}
