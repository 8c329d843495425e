/** A small service for tests of servers and clients, with all that descriptors find hard: options, maps, well-known types. */
export const ECHO_PROTO = `
syntax = "proto3";
package mesh.testing.v1;

import "google/protobuf/descriptor.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";

extend google.protobuf.MethodOptions {
  Policy policy = 50999;
}

message Policy {
  google.protobuf.Duration deadline = 1;
  int32 priority = 2;
}

service Echo {
  // Answers with the text, after \`delay_ms\` and as \`behaviour\` says.
  rpc Say(SayRequest) returns (SayResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (policy) = {deadline: {seconds: 2}, priority: 20};
  }
  // Answers \`times\` times; for ever when it is 0.
  rpc Repeat(SayRequest) returns (stream SayResponse) {
    option (policy) = {priority: 40};
  }
  // Answers with all texts joined.
  rpc Collect(stream SayRequest) returns (SayResponse) {
    option idempotency_level = IDEMPOTENT;
    option (policy) = {deadline: {seconds: 2, nanos: 500000000}, priority: 10};
  }
  // Answers every text as it comes.
  rpc Chat(stream SayRequest) returns (stream SayResponse);
}

message SayRequest {
  string text = 1;
  int32 times = 2;
  Behaviour behaviour = 3;
  google.protobuf.Timestamp at = 4;
  map<string, Note> notes = 5;

  message Note {
    string body = 1;
    oneof kind {
      bool bold = 2;
      int64 size = 3;
    }
  }
}

message SayResponse {
  string text = 1;
  int32 index = 2;
}

enum Behaviour {
  BEHAVIOUR_UNSPECIFIED = 0;
  BEHAVIOUR_HANG = 1;
}
`;
