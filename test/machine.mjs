// What the tests need of a machine: a Chromium, and a Vulkan driver that Dawn accepts.
// `node test/machine.mjs` reports them; with --install it fetches what is missing and says so.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';

/** WebGPU on a CPU (SwiftShader): compute, canvases, screenshots, video frames; headless, no X server. No shader-f16. All four are needed. */
const software = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-vulkan=swiftshader', '--use-angle=swiftshader'];
/** A camera that needs no permission dialogue and no hardware. */
const camera = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
const args = [...software, ...camera];

/** Chromium's own Vulkan driver, the second choice for Node; it has no shader-f16. */
export const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** @param {string} file */
const runs = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** @param {string[]} dirs */
const onPath = (dirs) => dirs.flatMap((dir) => NAMES.map((name) => join(dir, name))).find(runs);
/** @type {[string, () => string | undefined][]} */
const PLACES = [
  ['CHROMIUM_PATH', () => process.env['CHROMIUM_PATH']],
  ['playwright', () => [chromium.executablePath()].find(existsSync)],
  ['PATH', () => onPath((process.env['PATH'] ?? '').split(delimiter))],
  [
    'applications',
    () => ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'].find(existsSync),
  ],
];

/** @returns {{ path: string, from: string } | undefined} */
function findBrowser() {
  for (const [from, get] of PLACES) {
    const path = get();
    if (!path) continue;
    if (!runs(path)) throw new Error(`${from}=${path} is not an executable`);
    return { path, from };
  }
}

const found = findBrowser();
/** For playwright({ launchOptions }) and chromium.launch(). */
export const launchOptions = { args, ...(found && { executablePath: found.path }) };

const canApt = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
/** @param {string[]} words */
function apt(...words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH']}` };
  execFileSync('apt-get', words, { stdio: ['ignore', 'ignore', 'inherit'], env });
}

/** @param {(line: string) => void} say */
function installBrowser(say) {
  say('no Chromium found: trying playwright install chromium …');
  const cli = join(import.meta.dirname, '../node_modules/playwright/cli.js');
  const got = spawnSync(process.execPath, [cli, 'install', 'chromium'], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' },
  });
  if (got.status === 0) return { path: chromium.executablePath(), from: 'playwright install' };
  if (!canApt) throw new Error('no Chromium: set CHROMIUM_PATH, or install chromium with your package manager');
  say('… not reachable; installing the packages chromium and libvulkan1');
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1');
  const path = onPath(['/usr/bin']);
  if (!path) throw new Error('chromium was installed but /usr/bin/chromium is missing');
  return { path, from: 'apt-get' };
}

/** What Dawn finds in a process of its own: "vendor architecture f16", or '' where there is no adapter.
 * @param {Record<string, string>} [env] */
function dawn(env = {}) {
  const code = `import { create } from 'webgpu'; const gpu = globalThis.gpu = create([]); const a = await gpu.requestAdapter();
    console.log(a ? a.info.vendor + ' ' + (a.info.description || a.info.architecture) + (a.features.has('shader-f16') ? ', f16' : ', no f16') : '');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    cwd: join(import.meta.dirname, '..'),
    timeout: 60_000,
  });
  return (stdout ?? '').trim();
}

/** Mesa's software driver. Dawn needs Mesa 23 or newer; Debian 12 has it in its backports only.
 * @param {(line: string) => void} say */
function installVulkan(say) {
  const release = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => line.replaceAll('"', '').split('=')),
  );
  const old = release.ID === 'debian' && Number(release.VERSION_ID) === 12;
  say(`no Vulkan driver that Dawn accepts: installing mesa-vulkan-drivers${old ? ' from bookworm-backports' : ''}`);
  if (old) {
    const dir = '/etc/apt/sources.list.d';
    const lists = ['/etc/apt/sources.list', ...(existsSync(dir) ? readdirSync(dir).map((f) => join(dir, f)) : [])].filter(existsSync);
    const text = lists.map((f) => readFileSync(f, 'utf8')).join('\n');
    const signed = /^Signed-By: *(\S+)/m.exec(text)?.[1];
    const mirror = /^URIs: *(\S+)/m.exec(text)?.[1] ?? /^deb +(?:\[[^\]]*\] +)?(\S+)/m.exec(text)?.[1];
    if (!mirror) throw new Error('no Debian mirror found in the sources of apt');
    if (!text.includes('bookworm-backports'))
      writeFileSync(join(dir, 'backports.list'), `deb ${signed ? `[signed-by=${signed}] ` : ''}${mirror} bookworm-backports main\n`);
  }
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...(old ? ['-t', 'bookworm-backports'] : []), 'mesa-vulkan-drivers', 'libvulkan1');
}

async function main() {
  const install = process.argv.includes('--install');
  /** @param {string} line */
  const say = (line) => console.log(`machine: ${line}`);

  const browser = findBrowser() ?? (install ? installBrowser(say) : undefined);
  if (!browser) throw new Error('no Chromium found; run: node test/machine.mjs --install');
  const launched = await chromium.launch({ executablePath: browser.path, args });
  const page = await launched.newPage();
  await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })); // a secure context without a server
  await page.goto('http://localhost/');
  const inPage = await page.evaluate(async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    return adapter && `${adapter.info.vendor} ${adapter.info.architecture}${adapter.features.has('shader-f16') ? ', f16' : ', no f16'}`;
  });
  say(`${browser.path} (${browser.from}) ${launched.version()}; WebGPU: ${inPage}`);
  await launched.close();
  if (!inPage) throw new Error(`${browser.path} has no WebGPU adapter`);

  let node = dawn();
  if (!node && install && process.platform === 'linux' && canApt) {
    try {
      installVulkan(say);
      node = dawn();
    } catch (error) {
      say(`… failed: ${/** @type {Error} */ (error).message}`);
    }
  }
  const fallback = !node && existsSync(SWIFTSHADER) ? dawn({ VK_DRIVER_FILES: SWIFTSHADER }) : '';
  if (!node && !fallback) throw new Error('Node finds no WebGPU adapter; install a Vulkan driver (Mesa 23 or newer; on Debian 12 from its backports)');
  say(`Node ${process.version}, Dawn; WebGPU: ${node || `${fallback} (Chromium's SwiftShader)`}`);
}

if (process.argv[1] === import.meta.filename)
  main().catch((error) => {
    console.error(`machine: ${error.message}`);
    process.exit(1);
  });
