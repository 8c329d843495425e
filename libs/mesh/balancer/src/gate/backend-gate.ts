import type { Metadata } from '@grpc/grpc-js';

/**
 * Decides at the caller whether a backend would take a call at all: what it would shed costs nothing when it is not sent. Knows
 * each backend by its address (`127.0.0.1:50051`; comma-separated where one backend has several), since two instances of a service are not equally loaded. Must not throw or wait;
 * one that throws lets the call through.
 */
export interface BackendGate {
  /** False when the call should not go to `backend`. Asked at most once for a call and a backend. @param metadata what the call sends. */
  admits(backend: string, metadata: Metadata): boolean;
  /** A call that was admitted and sent has ended. @param metadata its trailers, empty when there were none. */
  ended(backend: string, metadata: Metadata): void;
}

/**
 * The most backends that a gate is asked about for one call. When so many refuse, the others are as good as sure to, and the asking
 * must not cost more than the call.
 */
export const GATE_ASKED_MAX = 16;
