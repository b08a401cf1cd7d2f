/** Of the image's build: `node add-kubernetes-client.ts <node_modules> <node_modules of the image>`. */
import process from 'node:process';
import { copyKubernetesClient } from './kubernetes-client.ts';

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  process.stderr.write('expected two folders named node_modules: from, and to\n');
  process.exit(2);
}
copyKubernetesClient(from, to);
