# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/{{module}}"

class GreetTest < Minitest::Test
  def test_somebody_is_greeted_by_name
    assert_equal "Hello, Ada!", {{class}}.greet(" Ada ")
  end

  def test_without_a_name_the_world_is_greeted
    assert_equal "Hello, world!", {{class}}.greet
  end
end
