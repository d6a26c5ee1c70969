namespace ModelRegistry.Bench;

/// <summary>Popularity as it mostly is: the n-th most popular of many has one n-th of the first one's share (Zipf's law).</summary>
internal sealed class Zipf
{
    private readonly double[] _upTo;

    /// <param name="count">How many there are.</param>
    public Zipf(int count)
    {
        _upTo = new double[count];
        var sum = 0.0;
        for (var rank = 0; rank < count; rank++)
            _upTo[rank] = sum += 1.0 / (rank + 1);
    }

    /// <summary>One of them, 0 the most popular.</summary>
    public int Pick(Random random)
    {
        var at = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Math.Min(at < 0 ? ~at : at, _upTo.Length - 1);
    }

    /// <summary>Shares out a number of things among them, at least one each.</summary>
    /// <param name="most">That one may have.</param>
    public int[] Share(int total, int most)
    {
        var shares = new int[_upTo.Length];
        var (left, weight) = (total, _upTo[^1]);
        for (var rank = 0; rank < shares.Length; rank++)
        {
            var own = 1.0 / (rank + 1);
            // What one may not have goes to those behind it.
            shares[rank] = Math.Clamp((int)Math.Round(left * own / weight), 1, Math.Min(most, Math.Max(1, left - (shares.Length - rank - 1))));
            (left, weight) = (left - shares[rank], weight - own);
        }
        return shares;
    }
}
