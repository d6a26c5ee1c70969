namespace ModelRegistry.Domain;

/// <summary>
/// Whether persons fill a quorum. Each person fills one slot; who fills which is found by maximum bipartite matching
/// (augmenting paths), because assigning greedily can leave a slot empty that another assignment would fill.
/// </summary>
public static class Quorum
{
    /// <summary>Slots that stay empty under the best assignment, as roles; none: the quorum is there.</summary>
    public static IReadOnlyList<string> Missing(IReadOnlyList<Approvals> required, IEnumerable<Approver> persons)
    {
        var slots = required.SelectMany(a => Enumerable.Repeat(a.Role, a.Count)).ToArray();
        var distinct = persons.Where(p => p.MayDecide).DistinctBy(p => p.Person.Id).ToArray();
        var filledBy = new int[slots.Length];
        Array.Fill(filledBy, -1);
        for (var person = 0; person < distinct.Length; person++)
            Place(person, new bool[slots.Length]);
        return [.. slots.Where((_, slot) => filledBy[slot] < 0)];

        bool Place(int person, bool[] tried)
        {
            for (var slot = 0; slot < slots.Length; slot++)
            {
                if (tried[slot] || !distinct[person].Roles.Contains(slots[slot]))
                    continue;
                tried[slot] = true;
                if (filledBy[slot] >= 0 && !Place(filledBy[slot], tried))
                    continue;
                filledBy[slot] = person;
                return true;
            }
            return false;
        }
    }
}
