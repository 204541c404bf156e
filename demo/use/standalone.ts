// A page that works by itself: one HTML file with the library, an example, and what the example needs to be seen.

export interface Example {
  readonly title: string;
  readonly code: string;
  /** HTML that the code finds: a picture, a canvas. */
  readonly body: string;
}

/** Texts of the modules that a page may import. */
export interface Modules {
  readonly library: string;
  readonly reference?: string | undefined;
}

const BASE64_STEP = 0x8000;

function dataUrl(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (let i = 0; i < bytes.length; i += BASE64_STEP) binary += String.fromCharCode(...bytes.subarray(i, i + BASE64_STEP));
  return `data:text/javascript;base64,${btoa(binary)}`;
}

/** The entries of webgpu-upsample, as an import map: those that share their modules are one module. */
const importMap = ({ library, reference }: Modules) => ({
  imports: {
    'webgpu-upsample': dataUrl(library),
    ...Object.fromEntries(['nn', 'image', 'io'].map((entry) => [`webgpu-upsample/${entry}`, dataUrl("export * from 'webgpu-upsample'")])),
    ...(reference !== undefined && { 'webgpu-upsample/reference': dataUrl(reference) }),
  },
});

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
/** Text inside a script element. */
const script = (text: string) => text.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');

const STYLE = `:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 0.8rem; }
h1 { margin: 0 0 0.5rem; font-size: 1em; }
img, canvas { display: block; max-width: 100%; margin-bottom: 0.5rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }`;

/** Writes what the code logs, and what goes wrong, onto the page. */
const LOG = `{
  const write = (...values) => document.querySelector('pre').append(values.map((v) => (typeof v === 'string' ? v : ArrayBuffer.isView(v) || Array.isArray(v) ? '[' + v.join(', ') + ']' : String(v))).join(' ') + '\\n');
  const { log } = console;
  console.log = (...values) => { log(...values); write(...values); };
  addEventListener('error', (event) => write(String(event.error ?? event.message)));
  addEventListener('unhandledrejection', (event) => write(String(event.reason)));
}`;

/** @param after more for the page that shows it in place: not part of what is downloaded */
export function standalone({ title, code, body }: Example, modules: Modules, after?: { readonly head: string; readonly end: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>
${STYLE}
</style>
<!-- webgpu-upsample, whole, as text: no server and no network is needed -->
<script type="importmap">${script(JSON.stringify(importMap(modules)))}</script>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${body}
<pre role="log" aria-label="What the code says" tabindex="0"></pre>
</main>
<script>
${LOG}
${after?.head ?? ''}
</script>
<script type="module">
${script(code.trimEnd())}
${after?.end ?? ''}
</script>
</body>
</html>
`;
}
