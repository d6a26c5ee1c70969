# The registry in a container; everything it keeps is in /data.
#   docker build -t modelregistry .
#   docker run -it --rm -v registry:/data modelregistry init --person ada     # once, types a passphrase
#   docker run -i  --rm -v registry:/data modelregistry stdio                 # what an MCP client starts
# As a server, which is reached from outside the container, it wants a policy under which every caller has a token:
#   docker run -it --rm -v registry:/data modelregistry init --person ada --policy team
#   docker run -it --rm -v registry:/data modelregistry token create --agent planner --owner ada
#   docker run -d -p 127.0.0.1:8003:8003 -v registry:/data modelregistry serve
# Published under a name of its own (a proxy with TLS in front), it is told so: -e MODELREGISTRY_PUBLIC_URL=https://…

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source
# Packages first, checked against the committed lock files: this layer changes only when they do.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/ModelRegistry.Domain/ModelRegistry.Domain.csproj src/ModelRegistry.Domain/packages.lock.json src/ModelRegistry.Domain/
COPY src/ModelRegistry/ModelRegistry.csproj src/ModelRegistry/packages.lock.json src/ModelRegistry/
COPY src/ModelRegistry.Mcp/ModelRegistry.Mcp.csproj src/ModelRegistry.Mcp/packages.lock.json src/ModelRegistry.Mcp/
RUN dotnet restore --locked-mode src/ModelRegistry.Mcp
COPY . .
RUN dotnet publish src/ModelRegistry.Mcp -c Release -a $TARGETARCH -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The system's SQLite is newer than the one in the package, and is the one that gets repaired.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsqlite3-0 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o app -g app -m 700 /data
COPY --from=build /app /app
COPY LICENSE /app/
ENV MODELREGISTRY_DATA=/data \
    MODELREGISTRY_URLS=http://0.0.0.0:8003 \
    DOTNET_EnableDiagnostics=0
USER $APP_UID
WORKDIR /app
VOLUME /data
EXPOSE 8003
# The program looks at its own database, files and audit log.
HEALTHCHECK --interval=60s --timeout=20s --start-period=20s CMD ["/app/modelregistry", "doctor", "--output", "json"]
ENTRYPOINT ["/app/modelregistry"]
CMD ["stdio"]
