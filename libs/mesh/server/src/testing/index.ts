export { compileEcho, compileProto, type Echo, type EchoDefinition, type SayRequest, type SayResponse } from './echo';
export { echoHandlers, HANG } from './echo-handlers';
export { sleepUntilAborted } from './sleep';
