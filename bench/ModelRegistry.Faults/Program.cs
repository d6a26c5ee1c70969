using ModelRegistry.Fuzz;

// What the registry must survive, as programs that can be repeated by their seed. Usage:
// dotnet run -c Release --project bench/ModelRegistry.Faults -- CAMPAIGN [--seed N] … [--record]
(string Name, string Usage, Func<string[], Task<int>> RunAsync)[] campaigns =
[
    ("malformed", MalformedCommand.Usage, MalformedCommand.RunAsync),
];
foreach (var campaign in campaigns)
    if (args is [var name, ..] && name == campaign.Name)
        return await campaign.RunAsync(args[1..]);
await Console.Error.WriteLineAsync($"usage: faults {string.Join("\n       faults ", campaigns.Select(c => c.Usage))}");
return 2;
