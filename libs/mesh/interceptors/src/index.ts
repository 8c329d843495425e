export { clientInterceptor, type ClientInterceptorOptions } from './client-interceptor';
export { isInfrastructure, serverInterceptor, type ServerInterceptorOptions } from './server-interceptor';
