using System.Diagnostics;
using System.Text.RegularExpressions;
using ModelRegistry.Tests;
using ModelRegistry.Tests.Storage;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace ModelRegistry.Mcp.Tests.House;

/// <summary>
/// What <c>deploy/</c> says about the program holds: its settings, verbs, addresses and times. Whether a cluster takes the rest is
/// not tested here.
/// </summary>
public sealed partial class DeployFileTests(PostgresCluster cluster) : IClassFixture<PostgresCluster>
{
    public static TheoryData<string> Files { get; } = new("deploy/compose/compose.yaml", "deploy/kubernetes/model-registry.yaml");

    private static YamlStream Read(string file)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(Repository.At(file));
        yaml.Load(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(reader)));
        return yaml;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_setting_in_it_is_one_of_the_programs(string file)
    {
        var named = Setting().Matches(File.ReadAllText(Repository.At(file))).Select(m => m.Groups[1].Value.Replace('_', '-').ToLowerInvariant()).Distinct().ToList();
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, Settings.Keys));
    }

    [Fact]
    public void Compose_starts_two_replicas_of_one_registry_behind_the_proxy_of_deploy_nginx()
    {
        var root = (YamlMappingNode)Read("deploy/compose/compose.yaml").Documents[0].RootNode;
        var services = (YamlMappingNode)root["services"];
        var replicas = services.Where(s => $"{s.Key}".StartsWith("registry-", StringComparison.Ordinal)).ToDictionary(s => $"{s.Key}", s => (YamlMappingNode)s.Value);
        Assert.Equal(2, replicas.Count);
        foreach (var (name, replica) in replicas)
        {
            Assert.Equal("[ serve ]", $"{replica["command"]}");
            // Nothing but the database and the bucket is shared.
            Assert.Contains($"{name}:/data", $"{replica["volumes"]}", StringComparison.Ordinal);
            Assert.Contains($"{name}:8003", File.ReadAllText(Repository.At("deploy/nginx/model-registry.conf")), StringComparison.Ordinal);
        }
        var environment = (YamlMappingNode)replicas["registry-1"]["environment"];
        Assert.Equal($"{services["proxy"]["networks"]["inside"]["ipv4_address"]}", $"{environment["MODELREGISTRY_TRUSTED_PROXIES"]}");
        var asked = Variable().Matches(File.ReadAllText(Repository.At("deploy/compose/compose.yaml"))).Select(m => m.Groups[1].Value).Distinct();
        Assert.All(asked, name => Assert.Contains($"\n{name}=", File.ReadAllText(Repository.At("deploy/compose/example.env")), StringComparison.Ordinal));
    }

    [Fact]
    public void Kubernetes_asks_the_probes_that_there_are_and_waits_longer_than_the_farewell()
    {
        var all = Read("deploy/kubernetes/model-registry.yaml").Documents.Select(d => (YamlMappingNode)d.RootNode).ToList();
        Assert.Equal(["ConfigMap", "Deployment", "Service", "PodDisruptionBudget", "Ingress"], all.Select(d => $"{d["kind"]}"));
        var pod = (YamlMappingNode)all[1]["spec"]["template"]["spec"];
        var container = (YamlMappingNode)pod["containers"][0];
        Assert.Equal(("/health", "/health", "/health/ready"), ($"{container["startupProbe"]["httpGet"]["path"]}", $"{container["livenessProbe"]["httpGet"]["path"]}", $"{container["readinessProbe"]["httpGet"]["path"]}"));
        Assert.Equal("8003", $"{container["ports"][0]["containerPort"]}");
        // Fifteen seconds to end in good order, after the five that proxies are given.
        Assert.True(int.Parse($"{pod["terminationGracePeriodSeconds"]}", System.Globalization.CultureInfo.InvariantCulture) >= 15 + 5);
        var overrides = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Repository.At("deploy/kubernetes/init-overrides.json")))!;
        Assert.Equal($"{container["image"]}", (string?)overrides["spec"]!["containers"]![0]!["image"]);
    }

    [Fact]
    public async Task A_pod_that_starts_before_there_is_a_registry_waits_until_it_is_made()
    {
        var pod = (YamlMappingNode)((YamlMappingNode)Read("deploy/kubernetes/model-registry.yaml").Documents[1].RootNode)["spec"]["template"]["spec"];
        var (waits, serves) = (Assert.Single((YamlSequenceNode)pod["initContainers"]), pod["containers"][0]);
        foreach (var same in (string[])["image", "envFrom", "securityContext", "volumeMounts"])
            Assert.Equal($"{serves[same]}", $"{waits[same]}");
        var database = await cluster.NewDatabaseAsync();
        using var data = new TempFolder();
        var command = ((YamlSequenceNode)waits["command"]).Select(word => $"{word}".Replace("/app/modelregistry", $"dotnet '{Path.Combine(AppContext.BaseDirectory, "modelregistry.dll")}'", StringComparison.Ordinal)).ToList();
        var start = Cli.ProgramProcess.WithoutSettings(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true });
        (start.Environment["MODELREGISTRY_DATABASE"], start.Environment["MODELREGISTRY_DATA"]) = (database, data.File("data"));
        using var waiting = Process.Start(start)!;
        try
        {
            // It looks again and again, and says what it waits for.
            for (var said = 0; said < 2;)
                if ((await waiting.StandardError.ReadLineAsync() ?? throw new Xunit.Sdk.XunitException("It waits for nothing."))!.StartsWith("registry_not_found", StringComparison.Ordinal))
                    said++;
            Assert.False(waiting.HasExited);
            await using var registry = await SeededRegistry.OpenAsync("team", with: o => o with { Database = database });
            await waiting.StandardError.ReadToEndAsync();
            await waiting.WaitForExitAsync();
            Assert.Equal(0, waiting.ExitCode);
        }
        finally
        {
            if (!waiting.HasExited)
                waiting.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"\bMODELREGISTRY_([A-Z0-9_]+)\b")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\$\{([A-Z_]+):\?\}")]
    private static partial Regex Variable();
}
