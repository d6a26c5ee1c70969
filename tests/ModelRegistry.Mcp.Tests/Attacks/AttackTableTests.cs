using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Attacks;

public sealed class AttackTableTests
{
    private static readonly string Path = Repository.At("docs/attacks.md");

    [Fact]
    public void The_page_of_attacks_is_the_one_that_the_tests_make()
    {
        if (Environment.GetEnvironmentVariable("MODELREGISTRY_UPDATE_SNAPSHOTS") is "1")
            File.WriteAllText(Path, AttackTable.Page());
        Assert.Equal(AttackTable.Page(), File.ReadAllText(Path).ReplaceLineEndings("\n"));
    }

    /// <summary>A door that an attack concerns and no test tries is a hole in the wall.</summary>
    [Fact]
    public void Every_attack_is_tried_at_every_door_that_it_concerns() =>
        Assert.Empty(from attack in AttackTable.All from door in attack.Concerns where AttackTable.Of(attack.Number, door).Count == 0 select $"{attack.Number} ({attack.What}) at {door}");

    [Fact]
    public void A_mark_names_an_attack_and_a_door_that_there_are() =>
        Assert.DoesNotContain(AttackTable.Tests, t => t.Test.Length == 0 || AttackTable.All.All(a => a.Number != t.Attack) || !AttackTable.Doors.Contains(t.Door));
}
