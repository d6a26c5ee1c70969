using ModelRegistry.Faults;
using ModelRegistry.Faults.Kills;
using ModelRegistry.Faults.Races;
using ModelRegistry.Faults.Storage;
using ModelRegistry.Fuzz;
using ModelRegistry.Measured;

// What the registry must survive, as programs that can be repeated by their seed. Each ends with 0 when nothing was violated, with 1
// when something was, and with 2 when it was asked for what there is not. Usage:
// dotnet run -c Release --project bench/ModelRegistry.Faults -- CAMPAIGN [--seed N] … [--record]
var campaigns = new Dictionary<string, (string Options, string Says, Func<RunOptions, Task<int>> Run)>
{
    ["kills"] = (KillsCampaign.Options, KillsCampaign.Says, KillsCampaign.RunAsync),
    ["races"] = (RacesCampaign.Options, RacesCampaign.Says, RacesCampaign.RunAsync),
    ["storage"] = (StorageCampaign.Options, StorageCampaign.Says, StorageCampaign.RunAsync),
};

// Not for people: another process of a campaign's.
if (args is [RaceChild.Verb, .. var child])
    return await RaceChild.RunAsync(child);
if (args is ["malformed", .. var cases] && !cases.Contains("--help"))
    return await MalformedCommand.RunAsync(cases);
if (args is [var named, .. var said] && campaigns.TryGetValue(named, out var campaign) && !said.Contains("--help"))
    return await RunOptions.ReadAsync("ModelRegistry.Faults", named, said, campaign.Run);
Console.Error.WriteLine("usage: faults CAMPAIGN [--seed N] [--record] [--server DLL] …");
foreach (var (name, (options, says, _)) in campaigns)
    Console.Error.WriteLine($"\n  {name} {options}\n      {says}");
Console.Error.WriteLine($"\n  {MalformedCommand.Usage}\n      Malformed input to one face, in this process or to a real one.");
return args.Contains("--help") ? 0 : 2;
