# Short names for what CONTRIBUTING.md describes. `just --list` shows them.

# Serve a scenario; without one, the built-in
serve *arguments:
    cargo run --release -- serve {{arguments}}

# Run the tests
test *arguments:
    cargo test {{arguments}}

# Run the gate
check:
    .ci/run

# Write the JSON Schema of scenarios
schema:
    cargo run -- schema > schemas/scenario.schema.json

# Write the snapshots anew; read the difference before committing it
snapshots:
    INSTA_UPDATE=always cargo test

# Measure the engine without a socket
bench:
    cargo bench

# Load a server of the built-in scenario with renames for ten seconds; needs wrk
load url="http://127.0.0.1:8080":
    wrk -t1 -c32 -d10s --latency "{{url}}/rest/1/webhook-secret/imconnector.chat.name.set?CONNECTOR=connector&LINE=105&CHAT_ID=47e007b1-ee15-43db-bcba-1c26e5884d3f&NAME=load"
