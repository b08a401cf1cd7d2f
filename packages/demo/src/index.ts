export { Demo, type DemoOptions } from './demo.ts';
export { prepareDemoFolder } from './demo-folder.ts';
