using System.Text;

namespace ModelRegistry.Fuzz;

/// <summary>Sends malformed requests to a server, many at once, and looks at every answer.</summary>
internal static class HttpCampaign
{
    /// <param name="cases">The bytes of a case.</param>
    /// <param name="secrets">Texts that no refusal may show.</param>
    /// <param name="shown">Where each case and its answer are told, if anywhere.</param>
    public static Task RunAsync(TargetServer server, Func<int, byte[]> cases, Findings findings, int from, int count, int atOnce, IReadOnlyList<string> secrets, TextWriter? shown) =>
        Parallel.ForAsync(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (index, _) =>
        {
            var request = cases(index);
            var answer = await server.ExchangeAsync(request, slowly: index % 200 == 0);
            var (kind, problem) = answer is null ? ("no end", "no end of it") : HttpAnswers.Check(request, answer, secrets);
            findings.Count(kind);
            if (problem is not null)
                findings.Add($"case {index}: {problem}\n  sent {MessageCampaign.Shown(request)}\n  got {Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer?.Length ?? 0, 1_500)))}");
            if (shown is not null)
                await shown.WriteLineAsync($"sent {MessageCampaign.Shown(request)}\ngot {Encoding.UTF8.GetString(answer ?? [])}");
        });
}
