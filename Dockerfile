# An image that holds nothing but the program.
#
#   docker build -t standin .
#   docker run --rm -p 8080:8080 -e STANDIN_CONTROL_TOKEN=secret standin
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --bin standin

FROM scratch
COPY --from=build /src/target/dist/standin /standin
ENV STANDIN_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=2s CMD ["/standin", "health", "http://127.0.0.1:8080"]
ENTRYPOINT ["/standin"]
CMD ["serve"]
