using System.Globalization;

namespace ModelRegistry.Mcp.Demo;

/// <summary>What a classifier came to on rows that it was not trained on.</summary>
/// <param name="Accuracy">Share of rows whose likeliest class is the right one.</param>
/// <param name="MacroF1">Mean over the classes of the harmonic mean of precision and recall.</param>
/// <param name="LogLoss">Mean of −ln(probability given to the right class); lower is better.</param>
internal sealed record Measured(int Rows, double Accuracy, double MacroF1, double LogLoss)
{
    /// <summary>As metrics of a version, to four digits: with some hundred rows more would be noise.</summary>
    public IReadOnlyDictionary<string, double> ToMetrics() => new Dictionary<string, double>
    {
        ["accuracy"] = Math.Round(Accuracy, 4),
        ["macro_f1"] = Math.Round(MacroF1, 4),
        ["log_loss"] = Math.Round(LogLoss, 4),
    };
}

/// <summary>Held-out rows: each the right class, then the values of one image.</summary>
internal sealed class HeldOutRows
{
    private const float Brightest = 16;

    private readonly IReadOnlyList<(int Class, float[] Values)> _rows;

    private HeldOutRows(IReadOnlyList<(int, float[])> rows) => _rows = rows;

    /// <summary>Reads comma-separated whole numbers: a class, then grey values of 0 to 16, which become 0 to 1.</summary>
    /// <exception cref="InvalidDataException">A line is something else; the message names it.</exception>
    public static HeldOutRows Read(string path)
    {
        List<(int, float[])> rows = [];
        foreach (var line in File.ReadLines(path))
        {
            var numbers = Array.ConvertAll(line.Split(','), text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1);
            if (numbers.Contains(-1) || numbers.Length < 2 || numbers.Skip(1).Any(n => n > Brightest))
                throw new InvalidDataException($"{Path.GetFileName(path)}, line {rows.Count + 1}: a class and then grey values of 0 to 16 are expected.");
            rows.Add((numbers[0], Array.ConvertAll(numbers[1..], n => n / Brightest)));
        }
        return rows.Count > 0 ? new HeldOutRows(rows) : throw new InvalidDataException($"{Path.GetFileName(path)} holds no rows.");
    }

    /// <summary>Runs the classifier on every row.</summary>
    /// <exception cref="InvalidDataException">The rows are not of the classifier's shape.</exception>
    public Measured Measure(DigitClassifier classifier)
    {
        if (_rows.Any(r => r.Values.Length != classifier.Inputs || r.Class >= classifier.Classes))
            throw new InvalidDataException($"The rows are not of {classifier.Inputs} values and {classifier.Classes} classes.");
        var (right, guessed, actual) = (new int[classifier.Classes], new int[classifier.Classes], new int[classifier.Classes]);
        var loss = 0.0;
        foreach (var (rightClass, values) in _rows)
        {
            var probabilities = classifier.Run(values);
            var guess = Array.IndexOf(probabilities, probabilities.Max());
            guessed[guess]++;
            actual[rightClass]++;
            if (guess == rightClass)
                right[guess]++;
            // A probability that was rounded to nothing would make the mean infinite.
            loss -= Math.Log(Math.Max(probabilities[rightClass], float.Epsilon));
        }
        var f1 = Enumerable.Range(0, classifier.Classes).Where(c => guessed[c] + actual[c] > 0).Average(c => 2.0 * right[c] / (guessed[c] + actual[c]));
        return new Measured(_rows.Count, (double)right.Sum() / _rows.Count, f1, loss / _rows.Count);
    }
}
