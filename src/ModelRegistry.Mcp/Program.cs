using ModelRegistry;
using ModelRegistry.Mcp;

if (args is not ["stdio", "--data", var folder, .. var rest])
{
    Console.Error.WriteLine("modelregistry stdio --data DIR");
    return 2;
}
using var logs = LoggerFactory.Create(b => b.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(rest.Contains("--log-level") ? LogLevel.Debug : LogLevel.Warning));
return await StdioHost.RunAsync(
    new RegistryOptions { DataFolder = Path.GetFullPath(folder), DataFolderNamed = true, Policy = Array.IndexOf(rest, "--policy") is >= 0 and var p ? rest[p + 1] : null },
    new StdioSettings(rest.Contains("--read-only"), Array.IndexOf(rest, "--toolsets") is >= 0 and var i ? rest[i + 1].Split(',') : []),
    logs,
    CancellationToken.None);
