export { compileEcho, type Echo, type EchoDefinition, type SayRequest, type SayResponse } from './echo';
export { echoHandlers, HANG } from './echo-handlers';
export { plainClient, plainEcho, type PlainClient } from './plain-client';
export { sleepUntilAborted } from './sleep';
