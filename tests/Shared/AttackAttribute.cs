using Xunit.v3;

namespace ModelRegistry.Tests;

/// <summary>
/// Marks a test as one of an attack, at a door. The table of all of them is made from these marks; <c>--filter Attack=6</c>
/// runs those of one.
/// </summary>
/// <param name="number">Which attack: a row of the table.</param>
/// <param name="doors">Where it is tried: <c>rules</c> (in process, below every door), <c>mcp-stdio</c>, <c>mcp-http</c>, <c>rest</c>, <c>mlflow</c>, <c>cli</c>, <c>web</c>.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class AttackAttribute(int number, params string[] doors) : Attribute, ITraitAttribute
{
    public int Number { get; } = number;

    public IReadOnlyList<string> Doors { get; } = doors;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Attack", $"{Number}")];
}
