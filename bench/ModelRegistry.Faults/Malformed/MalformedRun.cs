using System.Text.Json.Nodes;

namespace ModelRegistry.Fuzz;

/// <summary>One campaign of malformed input.</summary>
/// <param name="Face">One of <see cref="MalformedRun.Faces"/>.</param>
/// <param name="InProcess">Whether what is under test runs in this process, over pipes; else in one of its own, over sockets or arguments.</param>
/// <param name="Count">Cases; of JSON-RPC half go over stdio and half over HTTP.</param>
/// <param name="From">The first of them.</param>
/// <param name="Shown">Where each case and its answer are told; null: nowhere.</param>
internal sealed record MalformedOptions(string Face, bool InProcess, int Count, int Seed = MalformedRun.Seed, int From = 0, TextWriter? Shown = null);

/// <summary>
/// Malformed input to one face of a real registry in a folder of its own; and afterwards whether its audit log is whole, and whether it
/// still serves. The same options give the same cases.
/// </summary>
internal static class MalformedRun
{
    public const int Seed = 20_260_728;

    // Fewer cases may happen to be of one kind.
    private const int Enough = 1_000;

    // Requests that lack their end are waited for: many at once cost little.
    private const int AtOnceHere = 4, AtOnceOut = 32;

    public static IReadOnlyList<string> Faces { get; } = ["json-rpc", "rest", "multipart", "mlflow", "cli"];

    public static async Task<Findings> RunAsync(MalformedOptions options)
    {
        await using var registry = await TargetRegistry.OpenAsync(quick: options.InProcess);
        var findings = new Findings { Cases = options.Count };
        if (options.Face == "cli")
            await new CliCampaign(registry, options.Seed, options.InProcess).RunAsync(findings, options.From, options.Count, atOnce: 2, options.Shown);
        else
            await OverServerAsync(registry, findings, options);
        var (verified, entries) = await registry.VerifyAsync();
        findings.Count("audit entries", (int)entries);
        if (!verified)
            findings.Add("The audit log does not verify.");
        if (await registry.ServingAsync() != "v1")
            findings.Add("What serves has changed.");
        if (options.Count >= Enough && IsNoTest(options, findings))
            findings.Add($"It was no test: {findings.Told()}");
        return findings;
    }

    /// <summary>Whether what was done, or what was refused for what it says, is hardly among it.</summary>
    private static bool IsNoTest(MalformedOptions options, Findings findings)
    {
        var (done, refused) = options.Face == "cli" ? (findings.Of("exit 0"), findings.Of("exit 64") + findings.Of("exit 66") + findings.Of("exit 77"))
            : (findings.Of("200") + findings.Of("201") + findings.Of("stdio done"), findings.Of("400") + findings.Of("404"));
        return Math.Min(done, refused) < options.Count / 25;
    }

    private static async Task OverServerAsync(TargetRegistry registry, Findings findings, MalformedOptions options)
    {
        var count = options.Count;
        if (options.Face == "json-rpc" && options.Shown is null)
        {
            var stdio = new StdioCampaign(registry, options.Seed);
            await (options.InProcess ? stdio.HereAsync(findings, options.From, count - count / 2) : stdio.ProcessAsync(findings, options.From, count - count / 2));
            count /= 2;
        }
        await using var server = await TargetServer.StartAsync(registry, options.InProcess);
        var cases = await CasesAsync(registry, server, options);
        await HttpCampaign.RunAsync(server, cases, findings, options.From, count, options.InProcess ? AtOnceHere : AtOnceOut, [registry.DataFolder, registry.Token], options.Shown);
        await server.GetAsync("/health/ready");
        await server.GetAsync("/openapi/v1.json");
        foreach (var failure in await server.EndAsync())
            findings.Add(failure);
    }

    private static async Task<Func<int, byte[]>> CasesAsync(TargetRegistry registry, TargetServer server, MalformedOptions options)
    {
        if (options.Face == "json-rpc")
        {
            var requests = new MalformedRequests(options.Seed, registry.Known(), server.Host, registry.Token, [await SessionAsync(server, registry.Token), new string('0', 64), "x"]);
            return index => requests[index];
        }
        var reached = new Reached(server.Host, registry.Token, registry.Promotion, registry.Cursors, registry.Blobs);
        if (options.Face == "mlflow")
        {
            var begun = TargetRegistry.Ok(await registry.Services.MlflowUploads.BeginAsync(await registry.AgentAsync(), "", "whole.bin", "3"));
            var mlflow = new MlflowCases(options.Seed, reached, [.. begun.Seals.Select((seal, i) => $"/api/2.0/mlflow-artifacts/mpu/part/{begun.UploadId}/{i + 1}?seal={seal}")]);
            return index => mlflow[index];
        }
        var document = JsonNode.Parse(await server.GetAsync("/openapi/v1.json"))!;
        if (options.Face == "rest")
        {
            var rest = new RestCases(options.Seed, document, reached);
            return index => rest[index];
        }
        var multipart = new MultipartCases(options.Seed, document, reached);
        return index => multipart[index];
    }

    /// <summary>A session of the era that has them.</summary>
    private static async Task<string> SessionAsync(TargetServer server, string token)
    {
        const string hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"clientInfo":{"name":"fuzzer","version":"1"}}}""";
        var answer = await server.ExchangeAsync(System.Text.Encoding.ASCII.GetBytes($"POST /mcp HTTP/1.1\r\nHost: {server.Host}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: {hello.Length}\r\nConnection: close\r\n\r\n{hello}")) ?? [];
        var session = System.Text.Encoding.ASCII.GetString(answer).Split("\r\n").FirstOrDefault(line => line.StartsWith("Mcp-Session-Id: ", StringComparison.OrdinalIgnoreCase));
        return session?["Mcp-Session-Id: ".Length..] ?? throw new InvalidOperationException($"No session: {System.Text.Encoding.ASCII.GetString(answer)}");
    }
}
