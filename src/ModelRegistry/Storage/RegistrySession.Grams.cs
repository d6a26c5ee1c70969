using System.Text;

namespace ModelRegistry.Storage;

/// <summary>
/// Parts of words: each three characters in a row of a model's name and description. What a search looks for has some of them, too,
/// and the models that have the rarest are few.
/// </summary>
public sealed partial class RegistrySession
{
    // Of a long search a few are enough to find a rare one among them.
    private const int Gram = 3, MostProbes = 8, MostGrams = 3;

    // Read off the row as it stands: said before a change it gives what was there, and after it what is. In pieces of 128 characters,
    // each with the first two of the next: a place deep in a long text is found by counting from its beginning, and the turn to write
    // waits for it. So many pieces of so many characters are four times what a description may have.
    private const string GramsOfModel = """
        with recursive place (at) as (select 0 union all select at + 1 from place where at < 127),
          told (words) as (select name_key from model where id = @id union all select description_key from model where id = @id),
          piece (words) as materialized (select substr(words, 1 + 128 * at, 130) from told join place on 128 * at < length(words) - 2)
        select distinct substr(words, 1 + at, 3) as gram from piece join place on at < length(words) - 2
        """;

    private ValueTask<int> AddGramsAsync(string modelId) =>
        ExecuteAsync($"insert into model_gram (gram, model_id) select gram, @id from ({GramsOfModel}) g", ("id", modelId));

    private ValueTask<int> RemoveGramsAsync(string modelId) =>
        ExecuteAsync($"delete from model_gram where model_id = @id and gram in ({GramsOfModel})", ("id", modelId));

    /// <summary>What models with a text in their name or description are looked for in; the text itself is still to be compared.</summary>
    private async ValueTask<string> ModelsThatMayHaveAsync(string folded, List<string> where, List<(string, object?)> args)
    {
        var grams = await RareGramsAsync(folded);
        for (var i = 0; i < grams.Count; i++)
        {
            args.Add(($"gram{i}", grams[i]));
            where.Add(i == 0 ? "m.id = g.model_id and g.gram = @gram0" : $"exists (select 1 from model_gram x where x.gram = @gram{i} and x.model_id = g.model_id)");
        }
        // This way around: SQLite would rather go along all models, for their order.
        return grams.Count == 0 ? "model m" : "model_gram g cross join model m";
    }

    /// <summary>
    /// Parts of what is looked for, the rarest first, when the models that have it are few. Otherwise none: then a page is soon full
    /// of those that come along.
    /// </summary>
    private async ValueTask<IReadOnlyList<string>> RareGramsAsync(string folded)
    {
        var found = new List<(string Gram, long Models)>();
        foreach (var gram in Probes(folded))
        {
            var models = (long)(await ScalarAsync($"select count(*) from (select 1 from model_gram where gram = @gram limit {FewRows}) x", ("gram", gram)))!;
            found.Add((gram, models));
            if (models <= Cursor.MaxLimit)
                break;
        }
        return [.. found.Where(g => g.Models < FewRows).OrderBy(g => g.Models).Take(MostGrams).Select(g => g.Gram)];
    }

    /// <summary>Parts from all over a text: none of a text that is too short.</summary>
    private static IEnumerable<string> Probes(string folded)
    {
        // Characters are those of Unicode, as the databases count them.
        Rune[] runes = [.. folded.EnumerateRunes()];
        var places = Math.Max(0, runes.Length - Gram + 1);
        var probes = Math.Min(places, MostProbes);
        // The last first: names begin alike.
        return Enumerable.Range(0, probes).Select(i => places - 1 - i * (places - 1) / Math.Max(1, probes - 1))
            .Select(at => string.Concat(runes[at..(at + Gram)])).Distinct(StringComparer.Ordinal);
    }
}
