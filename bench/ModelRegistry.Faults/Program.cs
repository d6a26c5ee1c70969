// What the registry must survive, as programs that can be repeated by their seed. Usage:
// dotnet run -c Release --project bench/ModelRegistry.Faults -- CAMPAIGN [--seed N] … [--record]
switch (args)
{
    default:
        await Console.Error.WriteLineAsync("usage: faults CAMPAIGN [--seed N] [--record]");
        return 2;
}
