using Xunit.v3;

namespace ModelRegistry.Tests;

/// <summary>
/// A class whose tests run a second time with every registry in PostgreSQL (<see cref="Storage.TestDatabases"/>): those that open a
/// registry and do not say where its rows are.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class OnBothDatabasesAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Databases", "Both")];
}

/// <summary>A test of such a class that cannot run there.</summary>
/// <param name="why">What it has to do with SQLite, or with one process on one machine.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SqliteFilesAttribute(string why) : Attribute, ITraitAttribute
{
    public string Why { get; } = why;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("SqliteFiles", "yes")];
}
