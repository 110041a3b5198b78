import assert from 'node:assert/strict';
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {projectRoot} from '../../lib/storage/paths';
import {findChromium, startBrowser} from '../../scripts/notebooks/browser';

const python = path.join(projectRoot(), '.venv', 'bin', 'python');
const skip =
  findChromium() === null
    ? 'no Chromium on this machine; on Debian or Ubuntu: sudo apt-get install chromium'
    : fs.existsSync(python)
      ? false
      : 'no .venv; `npm test` sets it up';

test('a real JupyterLab in a real browser runs a notebook and draws its chart', {
  skip,
  timeout: 240_000,
}, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lab-'));
  fs.copyFileSync(path.join(__dirname, 'fixtures', 'chart.ipynb'), path.join(folder, 'chart.ipynb'));
  const port = await freePort();
  const lab = startLab(folder, port);
  const browser = await startBrowser(findChromium() as string);
  try {
    const page = await browser.newPage({viewport: {width: 1280, height: 1600}});
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      const {hostname, protocol} = new URL(request.url());
      if (hostname !== '127.0.0.1' && protocol.startsWith('http')) elsewhere.push(request.url());
    });
    await answering(port, lab);
    await page.goto(`http://127.0.0.1:${port}/lab/tree/chart.ipynb`);
    await page.locator('.jp-Notebook .jp-CodeCell').first().waitFor({timeout: 60_000});
    // Cells that are run before the kernel has answered are dropped without a word.
    await page.evaluate(`(async () => {
      const {commands, shell} = window.jupyterapp;
      const {sessionContext} = shell.currentWidget;
      await sessionContext.ready;
      await sessionContext.session.kernel.info;
      void commands.execute('notebook:run-all-cells');
    })()`);
    const curve = page.locator('.js-plotly-plot .main-svg .scatterlayer path.js-line');
    await curve.first().waitFor({timeout: 90_000, state: 'attached'});
    await page.locator('.jp-RenderedImage img').waitFor({timeout: 60_000});
    assert.equal(await curve.count(), 1, 'one curve');
    const title = await page.locator('.js-plotly-plot .gtitle').first().textContent();
    assert.equal(title, 'A parabola rises');
    assert.equal(
      await page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count(),
      0,
      'no errors',
    );
    assert.match((await page.locator('.jp-Notebook').textContent()) ?? '', /100 % {2}80.00 nats/);
    assert.ok(
      !elsewhere.includes('cdn.plot.ly'),
      `a chart needs nothing from elsewhere, but asked ${elsewhere}`,
    );
    if (process.env.LAB_SCREENSHOT) await page.screenshot({path: process.env.LAB_SCREENSHOT});
  } finally {
    await browser.close();
    lab.kill('SIGTERM');
    if (lab.exitCode === null) await once(lab, 'exit');
    fs.rmSync(folder, {recursive: true, force: true});
  }
});

/**
 * Without the settings of whoever runs the test, and without a token: it listens to
 * this machine alone, for a minute.
 */
function startLab(folder: string, port: number): ChildProcess {
  const own = (name: string): string => path.join(folder, `.${name}`);
  const options = {
    'ServerApp.ip': '127.0.0.1',
    'ServerApp.port': port,
    'ServerApp.port_retries': 0,
    'ServerApp.root_dir': folder,
    'ServerApp.open_browser': 'False',
    'ServerApp.allow_root': 'True',
    'IdentityProvider.token': '',
    'LabApp.expose_app_in_browser': 'True',
    'LabApp.news_url': 'None',
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  return spawn(python, ['-m', 'jupyterlab', ...flags], {
    stdio: 'ignore',
    env: {
      ...process.env,
      JUPYTER_PREFER_ENV_PATH: '1',
      JUPYTER_CONFIG_DIR: own('config'),
      JUPYTER_DATA_DIR: own('data'),
      JUPYTER_RUNTIME_DIR: own('runtime'),
      JUPYTERLAB_SETTINGS_DIR: own('settings'),
      JUPYTERLAB_WORKSPACES_DIR: own('workspaces'),
    },
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as net.AddressInfo;
  server.close();
  return port;
}

/** Waits until JupyterLab answers. */
async function answering(port: number, lab: ChildProcess): Promise<void> {
  for (let second = 0; second < 120; second++) {
    if (lab.exitCode !== null) throw new Error(`JupyterLab ended with code ${lab.exitCode}`);
    const reply = await fetch(`http://127.0.0.1:${port}/api`).catch(() => null);
    if (reply?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error('JupyterLab did not answer within two minutes');
}
