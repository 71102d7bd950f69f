"""The functions that a statement may call; every other name is refused.

On the list is what computes a value from its arguments and costs about as much as they are long. Not on it: whatever
reads anything but its arguments (files, addresses, dictionaries, settings, the host, the user), sleeps, raises, takes
the name of another function or of a type as text, makes or reads the engine's internal states, or takes time that
grows with the product of two long arguments.

``SCANNING`` functions search one argument for another. Inside a lambda their cost multiplies, and the engine looks at
the clock between blocks only: has(range(1000000), x) for 100,000 values of x took 19 s at a limit of 3.
"""

from typing import Final

_AGGREGATES: Final = """
    any anyLast argMax argMin array_agg avg avgWeighted corr count countDistinct covarPop covarSamp entropy first_value
    groupArray groupUniqArray histogram kurtPop kurtSamp last_value max median medianExact min quantile
    quantileExact quantileTDigest quantiles quantilesExact quantilesTDigest simpleLinearRegression skewPop skewSamp
    stddevPop stddevSamp sum topK uniq uniqCombined uniqExact uniqHLL12 varPop varSamp
"""
_WINDOWS: Final = "dense_rank lag lagInFrame lead leadInFrame nth_value ntile percent_rank rank row_number"
_LOGIC: Final = """
    and assumeNotNull between case caseWithExpression caseWithoutExpression coalesce equals exists greater
    greaterOrEquals greatest if ifNull in isDistinctFrom isNotDistinctFrom isNotNull isNull least less
    lessOrEquals multiIf not notEquals notIn nullIf or toNullable xor
"""
_NUMBERS: Final = """
    abs bar bitAnd bitOr bitXor cbrt ceil ceiling divide e exp exp10 exp2 floor ifNotFinite intDiv intDivOrZero isFinite
    isInfinite isNaN ln log log10 log1p log2 minus mod modulo multiply negate pi plus positiveModulo pow power round
    roundBankers sign sqrt trunc truncate
"""
_TEXTS: Final = """
    ascii char_length character_length cityHash64 concat concatWithSeparator countSubstrings empty endsWith extract
    extractAll formatReadableDecimalSize formatReadableQuantity formatReadableSize formatReadableTimeDelta hasToken
    hasTokenCaseInsensitive hex ilike isValidUTF8 left leftUTF8 length lengthUTF8 like locate lower lowerUTF8 ltrim
    match mid multiSearchAny multiSearchAnyCaseInsensitive notEmpty notILike notLike position positionCaseInsensitive
    positionCaseInsensitiveUTF8 positionUTF8 replace replaceAll replaceOne replaceRegexpAll replaceRegexpOne reverse
    reverseUTF8 right rightUTF8 rtrim sipHash64 splitByChar splitByNonAlpha splitByString splitByWhitespace startsWith
    substr substring substringIndex substringUTF8 toValidUTF8 tokens trim trimBoth trimLeft trimRight upper upperUTF8
    xxHash64
"""
_CONVERSIONS: Final = """
    cast date fromUnixTimestamp fromUnixTimestamp64Micro fromUnixTimestamp64Milli parseDateTimeBestEffort
    parseDateTimeBestEffortOrNull parseDateTimeBestEffortOrZero parseDateTime64BestEffort
    parseDateTime64BestEffortOrNull toBool toDate toDate32 toDateOrNull toDateOrZero toDateTime toDateTime64
    toDateTime64OrNull toDateTimeOrNull toDateTimeOrZero toFloat32 toFloat64 toFloat64OrNull toFloat64OrZero toInt16
    toInt32 toInt32OrNull toInt64 toInt64OrNull toInt64OrZero toInt8 toString toTypeName toUInt16 toUInt32
    toUInt32OrNull toUInt64 toUInt64OrNull toUInt64OrZero toUInt8 toUnixTimestamp toUnixTimestamp64Micro
    toUnixTimestamp64Milli transform
"""
_DATES: Final = """
    addDays addHours addMinutes addMonths addQuarters addSeconds addWeeks addYears age dateDiff dateName dateTrunc
    date_diff date_trunc day formatDateTime hour minute month now now64 quarter second subtractDays subtractHours
    subtractMinutes subtractMonths subtractQuarters subtractSeconds subtractWeeks subtractYears toDayOfMonth toDayOfWeek
    toDayOfYear toHour toISOWeek toISOYear toIntervalDay toIntervalHour toIntervalMinute toIntervalMonth
    toIntervalQuarter toIntervalSecond toIntervalWeek toIntervalYear toMinute toMonday toMonth toQuarter toSecond
    toStartOfDay toStartOfFifteenMinutes toStartOfFiveMinutes toStartOfHour toStartOfInterval toStartOfMinute
    toStartOfMonth toStartOfQuarter toStartOfSecond toStartOfTenMinutes toStartOfWeek toStartOfYear toTimeZone toWeek
    toYYYYMM toYYYYMMDD toYear today week year yesterday
"""
_COLLECTIONS: Final = """
    array arrayAll arrayAvg arrayCompact arrayConcat arrayCount arrayCumSum arrayDifference arrayDistinct arrayElement
    arrayEnumerate arrayExists arrayFilter arrayFirst arrayFirstIndex arrayFlatten arrayIntersect arrayJoin arrayLast
    arrayMap arrayMax arrayMin arrayPopBack arrayPopFront arrayPushBack arrayPushFront arrayReverse arrayReverseSort
    arraySlice arraySort arrayStringConcat arraySum arrayUniq arrayZip countEqual has hasAll hasAny indexOf lambda map
    mapContains mapFilter mapFromArrays mapKeys mapValues range tuple tupleElement
"""
_JSON: Final = """
    JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt JSONExtractKeys JSONExtractRaw JSONExtractString
    JSONExtractUInt JSONHas JSONLength JSONType isValidJSON
"""
_INSERTED: Final = ("_CAST",)
"""What the engine's parser itself puts in place of a literal."""
_COMBINATORS: Final = ("If", "OrNull", "OrDefault", "Distinct")

AGGREGATES: Final = tuple(_AGGREGATES.split())
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Aggregates": AGGREGATES,
    "Window functions": tuple(_WINDOWS.split()),
    "Conditions": tuple(_LOGIC.split()),
    "Numbers": tuple(_NUMBERS.split()),
    "Text": tuple(_TEXTS.split()),
    "Conversions": tuple(_CONVERSIONS.split()),
    "Dates and times": tuple(_DATES.split()),
    "Arrays, maps, tuples": tuple(_COLLECTIONS.split()),
    "JSON": tuple(_JSON.split()),
}
"""Every name by what it is for; docs/sql.md shows the same."""
_NAMES: Final = frozenset(name.lower() for group in GROUPS.values() for name in (*group, *_INSERTED))
_COMBINED: Final = frozenset(
    (base + first + second).lower()
    for base in AGGREGATES
    for first in _COMBINATORS
    for second in ("", *_COMBINATORS)
    if first != second
)
_SCANNING: Final = """
    arrayIntersect countEqual countSubstrings extract extractAll has hasAll hasAny hasToken hasTokenCaseInsensitive
    ilike indexOf like locate mapContains match multiSearchAny multiSearchAnyCaseInsensitive notILike notLike position
    positionCaseInsensitive positionCaseInsensitiveUTF8 positionUTF8 replace replaceAll replaceOne replaceRegexpAll
    replaceRegexpOne splitByChar splitByString substringIndex transform
"""
SCANNING: Final = frozenset(name.lower() for name in (*_SCANNING.split(), *GROUPS["JSON"]))
"""Not inside a lambda."""
_OVER_ARRAYS: Final = """
    arrayAll arrayAvg arrayCompact arrayCount arrayCumSum arrayDifference arrayExists arrayFilter arrayFirst
    arrayFirstIndex arrayLast arrayMap arrayMax arrayMin arrayReverseSort arraySort arraySum mapFilter
"""
OVER_ARRAYS: Final = frozenset(name.lower() for name in _OVER_ARRAYS.split())
"""Functions that a lambda may be given to."""
LAMBDA: Final = "lambda"
CASTS: Final = frozenset(("cast", "_cast"))
MEMBERSHIPS: Final = frozenset(("in", "notin"))


def is_allowed(name: str) -> bool:
    """Whether a statement may call this; names are compared without case, as the engine compares most of them."""
    return name.lower() in _NAMES or name.lower() in _COMBINED
