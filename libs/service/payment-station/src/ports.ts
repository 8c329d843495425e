import type { da } from '@giftmesh/contract';

/** How a call to another service may be bounded; what the mesh's clients take. */
export interface OutgoingCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Payment-DA, as the station calls it. The mesh's client of `PaymentDaService` fits. */
export interface PaymentDaClient {
  loadAssets(request: da.LoadAssetsRequest, options?: OutgoingCallOptions): Promise<da.LoadAssetsResponse>;
  checkEvents(request: da.CheckEventsRequest, options?: OutgoingCallOptions): Promise<da.CheckEventsResponse>;
  listAssetRecords(
    request: da.ListAssetRecordsRequest,
    options?: OutgoingCallOptions,
  ): Promise<da.ListAssetRecordsResponse>;
  applyOrder(request: da.ApplyOrderRequest, options?: OutgoingCallOptions): Promise<da.ApplyOrderResponse>;
  reverseEvent(request: da.ReverseEventRequest, options?: OutgoingCallOptions): Promise<da.ReverseEventResponse>;
  raiseGeneration(
    request: da.RaiseGenerationRequest,
    options?: OutgoingCallOptions,
  ): Promise<da.RaiseGenerationResponse>;
}
