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

# Write the JSON Schema of scenarios, and the shapes
schema:
    cargo run -- schema > schemas/scenario.schema.json
    INSTA_UPDATE=always cargo test --lib shapes

# Write the snapshots anew; read the difference before committing it
snapshots:
    INSTA_UPDATE=always cargo test

# Measure the engine without a socket
bench:
    cargo bench --profile dist

# Measure throughput, memory and start beside bare hyper; needs wrk, curl and python3
load *arguments:
    bash benches/load.sh {{arguments}}

# Count the instructions of a rename; needs python3 and valgrind
instructions *arguments:
    benches/instructions.sh {{arguments}}

# Measure one worker and two; needs wrk, curl and python3
workers *arguments:
    bash benches/workers.sh {{arguments}}

# Build the program as packages and the image have it: target/dist/standin
dist:
    cargo build --profile dist --locked --bin standin

# Run what action.yml, the Dockerfile and docs/ci.md say, as far as it goes without their machines
recipes:
    tests/recipes.sh
