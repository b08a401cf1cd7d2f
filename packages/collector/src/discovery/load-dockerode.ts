/**
 * Loads dockerode without the clients for SSH and gRPC that it brings: they are for daemons of other
 * hosts and for builds, and take 7 MB of resident memory on every host, a fifteenth of the collector's.
 *
 * While dockerode is loaded, empty modules stand in for them. Where that does not work, because
 * another version loads them in another way, it is loaded with all that it brings.
 */
import { createRequire, Module } from 'node:module';
import type Docker from 'dockerode';

type DockerClass = typeof Docker;

const require = createRequire(import.meta.url);
/** What needs them, and the modules. */
const leftOut = [
  ['docker-modem', 'ssh2'],
  ['dockerode', '@grpc/grpc-js'],
  ['dockerode', '@grpc/proto-loader'],
  ['dockerode', 'protobufjs'],
] as const;

export function loadDockerode(): DockerClass {
  let paths: string[] = [];
  try {
    const fromDockerode = createRequire(require.resolve('dockerode'));
    paths = leftOut
      .map(([owner, name]) =>
        createRequire(fromDockerode.resolve(owner === 'dockerode' ? './docker.js' : owner)).resolve(
          name,
        ),
      )
      .filter((path) => require.cache[path] === undefined);
    for (const path of paths) require.cache[path] = emptyModule(path);
    return requireDockerode();
  } catch {
    for (const path of paths) Reflect.deleteProperty(require.cache, path);
    return requireDockerode();
  } finally {
    // Whoever asks for them from now on gets them.
    for (const path of paths) Reflect.deleteProperty(require.cache, path);
  }
}

function requireDockerode(): DockerClass {
  // The package's own types say what it exports.
  return require('dockerode') as DockerClass;
}

function emptyModule(path: string): NodeJS.Module {
  const module = new Module(path);
  module.filename = path;
  module.loaded = true;
  return module;
}
