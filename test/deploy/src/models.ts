import type { Manifest } from './manifest';

/** Where the model of a kind is: a module with the class `Kind` and the interface `IKind`. */
export interface Model {
  readonly module: string;
  readonly kind: string;
}

const PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/\.istio\.io\//, '@kubernetes-models/istio/'],
  [/^gateway\.networking\.k8s\.io\//, '@kubernetes-models/gateway-api/'],
  [/^keda\.sh\//, '@kubernetes-models/keda/'],
  [/^(v1$|(apps|batch|policy|autoscaling|networking\.k8s\.io|rbac\.authorization\.k8s\.io)\/)/, 'kubernetes-models/'],
];

/** The model of an object; undefined for an API that nobody here knows. */
export function modelOf({ apiVersion, kind }: Manifest): Model | undefined {
  const found = PACKAGES.find(([pattern]) => pattern.test(apiVersion));
  return found && { module: `${found[1]}${apiVersion}`, kind };
}
